// Two processes, as the others have.
import cluster from "node:cluster";
import http from "node:http";

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  process.on("disconnect", () => process.exit(0));
  const { toNodeHandler } = await import("better-auth/node");
  const { auth } = await import("./auth.mjs");
  http.createServer(toNodeHandler(auth)).listen(Number(process.env.PORT), "127.0.0.1");
}
