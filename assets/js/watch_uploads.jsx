import { useEffect, useRef } from "react";

/**
 * Calls `onTaken()` when an upload was taken in, and `onFailed(status, seconds)` when it was refused or broke off: the
 * status of the answer (0 without one) and what its Retry-After said (0 without it). Reflex sends uploads by an
 * XMLHttpRequest of its own and tells nobody how they ended, so the requests are watched where they begin.
 */
export function WatchUploads({ onTaken, onFailed }) {
  const tell = useRef();
  tell.current = { onTaken, onFailed };

  useEffect(() => {
    const prototype = XMLHttpRequest.prototype;
    const open = prototype.open;
    const watching = function (method, address, ...more) {
      if (new URL(address, location.href).pathname === "/_upload") {
        const ended = (event) => {
          const answered = event.type === "load";
          if (answered && this.status < 300) {
            tell.current.onTaken?.();
            return;
          }
          const seconds = answered ? Number(this.getResponseHeader("Retry-After")) || 0 : 0;
          tell.current.onFailed?.(answered ? this.status : 0, Math.ceil(seconds));
        };
        this.addEventListener("load", ended);
        this.addEventListener("error", ended);
      }
      return open.call(this, method, address, ...more);
    };
    prototype.open = watching;
    return () => {
      if (prototype.open === watching) prototype.open = open;
    };
  }, []);
  return null;
}
