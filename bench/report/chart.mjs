// The outcomes as a chart: how many times its peer Siding is, on a logarithmic axis.

import { init, use } from "echarts/core";
import { BarChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { isRate, short } from "./table.mjs";

use([BarChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer, TitleComponent]);

const width = 900;
const rowHeight = 46;
const marginHeight = 130;
const runtimes = [["bun", "Bun", "#c2703d"], ["deno", "Deno", "#3d6fc2"]];

/** An SVG document of the rows that compare rates; `undefined` where there are none. */
export function chart(outcomes, machine) {
  const compared = outcomes.filter(({ unit }) => isRate(unit));
  if (compared.length === 0) return undefined;
  const names = [...new Set(compared.map(({ name }) => name))];
  const height = marginHeight + names.length * rowHeight;
  const view = init(null, null, { renderer: "svg", ssr: true, width, height });
  view.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: {
      text: "Calls a second, Siding over its peer",
      subtext: machine,
      left: 16,
      top: 10,
      textStyle: { fontSize: 16 },
    },
    legend: { top: 14, right: 16, data: runtimes.map(([, label]) => label) },
    grid: { left: 150, right: 210, top: 70, bottom: 40 },
    xAxis: { type: "log", min: decadeBelow, axisLabel: { formatter: "{value} ×" } },
    yAxis: { type: "category", inverse: true, data: names },
    series: runtimes.map(([runtime, label, color]) =>
      series(compared, names, runtime, label, color)
    ),
  });
  const svg = view.renderToSVGString();
  view.dispose();
  return svg;
}

function decadeBelow({ min }) {
  return 10 ** Math.floor(Math.log10(Math.min(min, 0.99)));
}

function series(outcomes, names, runtime, label, color) {
  const found = names.map((name) =>
    outcomes.find((outcome) => outcome.name === name && outcome.runtime === runtime)
  );
  return {
    name: label,
    type: "bar",
    itemStyle: { color },
    data: found.map((outcome) => outcome?.ratio ?? "-"),
    label: {
      show: true,
      position: "right",
      fontSize: 10,
      formatter: ({ dataIndex }) => labelOf(found[dataIndex]),
    },
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: "#444444" },
      data: [{ xAxis: 1 }],
    },
  };
}

function labelOf(outcome) {
  if (outcome === undefined) return "";
  const times = outcome.ratio >= 10 ? outcome.ratio.toFixed(0) : outcome.ratio.toFixed(2);
  return `${times} ×  ${short(outcome.siding, outcome.unit)}/s, ${outcome.peer}`;
}
