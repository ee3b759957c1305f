import { getMigrations } from "better-auth/db/migration";
import { auth } from "./auth.mjs";

await (await getMigrations(auth.options)).runMigrations();
process.exit(0);
