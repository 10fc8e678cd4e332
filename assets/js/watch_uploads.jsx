import { useEffect, useRef } from "react";

/**
 * Calls `onFailed(status, seconds)` when an upload was refused or broke off: the status of the answer (0 without one)
 * and what its Retry-After said (0 without it). Reflex sends uploads by an XMLHttpRequest of its own and tells nobody
 * how they ended, so the requests are watched where they begin.
 */
export function WatchUploads({ onFailed }) {
  const tell = useRef(onFailed);
  tell.current = onFailed;

  useEffect(() => {
    const prototype = XMLHttpRequest.prototype;
    const open = prototype.open;
    const watching = function (method, address, ...more) {
      if (new URL(address, location.href).pathname === "/_upload") {
        const ended = (event) => {
          if (event.type === "load" && this.status < 300) return;
          const seconds = event.type === "load" ? Number(this.getResponseHeader("Retry-After")) || 0 : 0;
          tell.current?.(event.type === "load" ? this.status : 0, Math.ceil(seconds));
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
