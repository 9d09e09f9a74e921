/** A handler that throws, and nobody who listens for errors. */
import { callback } from "../../../mod.ts";
import { nothing, openCallbackLib } from "../callbacks.ts";

const posted = callback.post(nothing, () => {
  throw new RangeError("what the handler says");
});
await openCallbackLib().callForeign(posted);
setInterval(() => {}, 1000); // only the error ends it
