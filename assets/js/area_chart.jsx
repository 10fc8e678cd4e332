import { createElement, useEffect, useRef, useState } from "react";
import { AreaSeries, ColorType, CrosshairMode, LineStyle, createChart } from "lightweight-charts";

const QUIET = { visible: false };

export function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    line: read("--accent"),
    dim: read("--line-strong"),
    ground: read("--ground"),
    other: read("--hue-1"),
    loss: read("--loss"),
  };
}

export function faded(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},${alpha})`;
}

function paint(chart, series) {
  const { line, dim, ground } = palette();
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: "transparent" }, textColor: dim },
    crosshair: { vertLine: { color: dim } },
  });
  series.applyOptions({
    lineColor: line,
    topColor: faded(line, 0.26),
    bottomColor: faded(line, 0),
    crosshairMarkerBackgroundColor: line,
    crosshairMarkerBorderColor: ground,
  });
}

/** The text under the cursor: which day, how much. It stays inside the chart. */
function Cursor({ at, width }) {
  if (!at) return null;
  const side = at.x > width / 2 ? "before" : "after";
  return createElement(
    "svg",
    { className: "area-cursor", width: "100%", height: 48, "aria-hidden": true },
    createElement(
      "text",
      { x: at.x + (side === "before" ? -12 : 12), y: 18, textAnchor: side === "before" ? "end" : "start" },
      createElement("tspan", { className: "value" }, at.label),
      createElement("tspan", { className: "date", x: at.x + (side === "before" ? -12 : 12), dy: 18 }, at.date),
    ),
  );
}

/** A chart without frame, grid or axes that fills its host; the caller adds its series. */
export function bareChart(host) {
  return createChart(host, {
    autoSize: true,
    layout: { attributionLogo: false },
    grid: { vertLines: QUIET, horzLines: QUIET },
    leftPriceScale: QUIET,
    rightPriceScale: { visible: false, scaleMargins: { top: 0.2, bottom: 0.06 } },
    timeScale: { visible: false, minBarSpacing: 0.01 },
    crosshair: {
      mode: CrosshairMode.Magnet,
      vertLine: { width: 1, style: LineStyle.Dotted, labelVisible: false },
      horzLine: QUIET,
    },
    handleScroll: false,
    handleScale: false,
  });
}

/** From the first point to the last: fitContent would leave half a bar at each side. */
export function showAll(chart, count) {
  chart.timeScale().setVisibleLogicalRange({ from: 0, to: Math.max(count - 1, 1) });
}

/** Keep all in sight however wide the host gets: in a dialog it has no width yet when its chart is made. */
export function keepAll(chart, host, count) {
  const widths = new ResizeObserver(() => showAll(chart, count()));
  widths.observe(host);
  return widths;
}

/**
 * What opens the explanation of the day that is pressed. `shown` tells the times, the texts and the figures' beginning.
 *
 * A finger reads by drawing across, and a tap shows no day before it falls: only a pointer that hovers opens one.
 */
export function useDays(onExplain, shown) {
  const explain = useRef(onExplain);
  const touched = useRef(false);
  explain.current = onExplain;
  return {
    className: onExplain && shown().figure ? "opens" : "",
    onPointerDownCapture: (event) => (touched.current = event.pointerType === "touch"),
    open({ time }) {
      const { times, labels, figure } = shown();
      if (!figure || touched.current || !labels[times.indexOf(time)]) return;
      explain.current?.(figure + new Date(time * 1000).toISOString().slice(0, 10));
    },
  };
}

export function AreaChart({ line, label, className, onExplain }) {
  const host = useRef(null);
  const kit = useRef(null);
  const shown = useRef(line);
  const [cursor, setCursor] = useState(null);
  shown.current = line;
  const days = useDays(onExplain, () => ({ ...shown.current, figure: shown.current.figure_of_day }));

  useEffect(() => {
    const chart = bareChart(host.current);
    const series = chart.addSeries(AreaSeries, {
      lineWidth: 2,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerRadius: 4,
      crosshairMarkerBorderWidth: 2,
    });
    kit.current = { chart, series };
    paint(chart, series);
    chart.subscribeCrosshairMove(({ time, point }) => {
      const index = time === undefined || !point ? -1 : shown.current.times.indexOf(time);
      setCursor(
        index < 0 || !shown.current.labels[index]
          ? null
          : {
              x: chart.timeScale().timeToCoordinate(time),
              label: shown.current.labels[index],
              date: shown.current.dates[index],
            },
      );
    });
    chart.subscribeClick(days.open);
    const widths = keepAll(chart, host.current, () => shown.current.times.length);
    const themes = new MutationObserver(() => paint(chart, series));
    themes.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => {
      themes.disconnect();
      widths.disconnect();
      chart.remove();
      kit.current = null;
    };
  }, []);

  useEffect(() => {
    if (!kit.current) return;
    kit.current.series.setData(
      line.times.map((time, at) => (line.values[at] === null ? { time } : { time, value: line.values[at] })),
    );
    showAll(kit.current.chart, line.times.length);
    setCursor(null);
  }, [line]);

  return createElement(
    "div",
    {
      className: `area ${className || ""} ${days.className}`,
      role: "img",
      "aria-label": label,
      onPointerDownCapture: days.onPointerDownCapture,
    },
    createElement("div", { ref: host, className: "area-canvas" }),
    createElement(Cursor, { at: cursor, width: host.current?.clientWidth || 0 }),
  );
}
