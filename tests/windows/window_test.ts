// Windows' libraries can be defined on Windows alone, and the tests look at a screen.
import process from "node:process";
import { testUnless } from "../bindings/need.ts";

if (process.env["SIDING_TEST_SCREEN"] !== undefined) await import("./window.ts");
else testUnless("they are part of npm run test:windows")("windows on the screen", () => {});
