import { useEffect } from "react";

/** Calls `onTime` once, `seconds` after `turn` changed. */
export function Timer({ turn, seconds, onTime }) {
  useEffect(() => {
    if (!turn) return undefined;
    const timer = setTimeout(() => onTime?.(), seconds * 1000);
    return () => clearTimeout(timer);
  }, [turn]);
  return null;
}
