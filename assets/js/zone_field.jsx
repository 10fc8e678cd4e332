import { useEffect, useState } from "react";

/** A hidden field that tells the browser's time zone; filled after the page is there, because pages are prebuilt. */
export function ZoneField({ name }) {
  const [zone, setZone] = useState("");
  useEffect(() => setZone(Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""), []);
  return <input type="hidden" name={name} value={zone} />;
}
