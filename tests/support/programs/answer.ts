/** One call; where libsiding cannot be loaded, the error's one line. */
import process from "node:process";
import { openTestlib } from "../testlib.ts";

try {
  console.log(await openTestlib().answer());
} catch (error) {
  const { name, code, message } = error as Error & { code: string };
  console.log(`${name} ${code}: ${message}`);
  process.exitCode = 3;
}
