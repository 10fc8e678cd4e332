import { createElement, useEffect, useRef, useState } from "react";
import { AreaSeries, BaselineSeries, ColorType, LineSeries } from "lightweight-charts";
import { bareChart, faded, keepAll, palette, showAll, useDays } from "./area_chart.jsx";

const KINDS = { area: AreaSeries, line: LineSeries, under: BaselineSeries };

function look(kind) {
  const { line, other, loss, ground } = palette();
  const marker = (color) => ({ crosshairMarkerBackgroundColor: color, crosshairMarkerBorderColor: ground });
  if (kind === "line") return { color: other, ...marker(other) };
  if (kind === "under") {
    return {
      baseValue: { type: "price", price: 0 },
      topLineColor: loss,
      bottomLineColor: loss,
      topFillColor1: "transparent",
      topFillColor2: "transparent",
      bottomFillColor1: faded(loss, 0.04),
      bottomFillColor2: faded(loss, 0.28),
      ...marker(loss),
    };
  }
  return { lineColor: line, topColor: faded(line, 0.22), bottomColor: faded(line, 0), ...marker(line) };
}

function paint(chart, drawn) {
  const { dim } = palette();
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: "transparent" }, textColor: dim },
    crosshair: { vertLine: { color: dim } },
  });
  drawn.forEach(({ series, kind }) => series.applyOptions(look(kind)));
}

/** What the lines are worth under the cursor: the day, then one text a line. */
function Cursor({ at, width }) {
  if (!at) return null;
  const before = at.x > width / 2;
  const x = at.x + (before ? -12 : 12);
  const texts = at.labels.map((text, index) =>
    createElement("tspan", { key: index, x, dy: index ? 18 : 0, className: `value line-${index}` }, text),
  );
  return createElement(
    "svg",
    { className: "area-cursor", width: "100%", height: 72, "aria-hidden": true },
    createElement(
      "text",
      { x, y: 18, textAnchor: before ? "end" : "start" },
      ...texts,
      createElement("tspan", { className: "date", x, dy: 18 }, at.date),
    ),
  );
}

export function LinesChart({ drawing, label, className, onExplain }) {
  const host = useRef(null);
  const kit = useRef(null);
  const shown = useRef(drawing);
  const [cursor, setCursor] = useState(null);
  shown.current = drawing;
  const days = useDays(onExplain, () => {
    const { times, lines, figure_of_day: figure } = shown.current;
    return { times, figure, labels: lines[0]?.labels ?? [] };
  });

  useEffect(() => {
    const chart = bareChart(host.current);
    kit.current = { chart, drawn: [] };
    chart.subscribeCrosshairMove(({ time, point }) => {
      const { times, dates, lines } = shown.current;
      const index = time === undefined || !point ? -1 : times.indexOf(time);
      const labels = index < 0 ? [] : lines.map((line) => line.labels[index]).filter(Boolean);
      setCursor(
        labels.length ? { x: chart.timeScale().timeToCoordinate(time), labels, date: dates[index] } : null,
      );
    });
    chart.subscribeClick(days.open);
    const widths = keepAll(chart, host.current, () => shown.current.times.length);
    const themes = new MutationObserver(() => kit.current && paint(chart, kit.current.drawn));
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
    const { chart } = kit.current;
    kit.current.drawn.forEach(({ series }) => chart.removeSeries(series));
    kit.current.drawn = drawing.lines.map(({ kind, values }) => {
      const series = chart.addSeries(KINDS[kind], {
        lineWidth: 2,
        priceLineVisible: false,
        lastValueVisible: false,
        crosshairMarkerRadius: 4,
        crosshairMarkerBorderWidth: 2,
      });
      series.setData(
        drawing.times.map((time, at) => (values[at] === null ? { time } : { time, value: values[at] })),
      );
      if (kind === "under") chart.priceScale("right").applyOptions({ scaleMargins: { top: 0, bottom: 0.08 } });
      return { series, kind };
    });
    paint(chart, kit.current.drawn);
    showAll(chart, drawing.times.length);
    setCursor(null);
  }, [drawing]);

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
