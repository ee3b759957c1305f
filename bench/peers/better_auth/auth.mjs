// better-auth as its documentation sets it up: an address and a password, proved by a mailed link, sessions in PostgreSQL.
import { betterAuth } from "better-auth";
import { bearer } from "better-auth/plugins";
import argon2 from "@node-rs/argon2";
import nodemailer from "nodemailer";
import { Pool } from "pg";

const OWASP = { memoryCost: 19456, timeCost: 2, parallelism: 1 }; // the hash of all who are compared
const mail = nodemailer.createTransport({ host: "127.0.0.1", port: Number(process.env.EMAIL_PORT), secure: false, pool: true });

export const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: "a secret key for one measurement on one machine",
  database: new Pool({ connectionString: process.env.DATABASE_URL }),
  emailAndPassword: {
    enabled: true,
    requireEmailVerification: true,
    password: { hash: (typed) => argon2.hash(typed, OWASP), verify: ({ hash, password }) => argon2.verify(hash, password) },
  },
  emailVerification: {
    sendOnSignUp: true,
    sendVerificationEmail: ({ user, url }) => mail.sendMail({ from: "a@example.com", to: user.email, subject: "Verify", text: url }),
  },
  plugins: [bearer()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
