// Copy buttons, curves, and pictures scrolled to their end, where the verdict is.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const OF_STYLE = { off: "--blue", on: "--amber", before: "--dim" };
  const PALETTE = ["--blue", "--red", "--green", "--amber", "--violet", "--teal"];

  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", () => {
      const words = button.parentElement.querySelector("code").textContent;
      const said = (text) => { button.textContent = text; setTimeout(() => (button.textContent = "copy"), 1500); };
      const byHand = () => {
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        said(document.execCommand("copy") ? "copied" : "selected");
      };
      if (!navigator.clipboard) return byHand();
      navigator.clipboard.writeText(words).then(() => said("copied"), byHand);
    });
  }

  for (const picture of document.querySelectorAll(".to-the-end")) picture.scrollLeft = picture.scrollWidth;

  const time = (ns) => {
    for (const [scale, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "us"]]) if (ns >= scale) return +(ns / scale).toPrecision(3) + " " + unit;
    return ns + " ns";
  };
  const number = (n) => {
    for (const [scale, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (n >= scale) return +(n / scale).toPrecision(3) + unit;
    return String(+n.toPrecision(3));
  };
  const seconds = (s) => +(+s).toPrecision(3) + " s";
  // What each kind of chart has on its axes, and whether they are logarithmic.
  const KINDS = {
    ccdf: { x: time, y: number, logX: true, logY: true },
    bars: { x: time, y: number, logX: true, bars: true },
    steps: { x: number, y: number, stepped: true },
    share: { x: number, y: number, stepped: true },
    saturation: { x: number, y: number },
    growth: { x: seconds, y: number, stepped: true },
  };

  // Powers of ten; with 2 and 5 between them where there is room.
  const decades = (_, __, low, high) => {
    const between = high / low < 200 ? [1, 2, 5] : [1];
    const splits = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e) for (const m of between) splits.push(m * 10 ** e);
    return splits.filter((v) => v >= low && v <= high);
  };

  const axis = (format, size, log) => ({
    splits: log ? decades : undefined,
    stroke: color("--dim"), size, font: "11px system-ui", grid: { stroke: color("--rule"), width: 0.5 },
    ticks: { stroke: color("--rule"), width: 0.5 },
    values: (_, values) => values.map((v) => (v == null ? "" : format(v))), filter: log ? (_, splits) => splits : undefined,
  });

  const draw = (chart) => {
    const place = document.getElementById(chart.id);
    if (!place) return;
    place.textContent = "";
    const kind = KINDS[chart.kind];
    // A lone point has no width that a logarithmic axis could span.
    const low = Math.min(...chart.x), high = Math.max(...chart.x);
    const range = kind.logX ? () => [low / 2, high * 2] : () => [0, high || 1];
    const series = chart.series.map((one, i) => {
      const before = one.style.endsWith("before");
      // The same colour for the same thing in every chart; the rest in turn.
      const stroke = color(OF_STYLE[one.style.split(" ")[0]] || PALETTE[i % PALETTE.length]);
      const result = { label: one.name, stroke, width: 1.5, spanGaps: true, dash: before ? [5, 4] : undefined, points: { size: 4 } };
      result.value = (_, v) => (v == null ? "--" : number(v));
      if (kind.bars) Object.assign(result, { paths: uPlot.paths.bars({ size: [0.8, 40], align: i ? -1 : 1 }), fill: stroke + "66", points: { show: false } });
      if (kind.stepped) result.paths = uPlot.paths.stepped({ align: 1 });
      return result;
    });
    const options = {
      width: Math.max(200, place.clientWidth), height: kind.bars ? 150 : 210, cursor: { y: false },
      legend: { live: false },
      scales: { x: { time: false, distr: kind.logX ? 3 : 1, range }, y: kind.logY ? { distr: 3 } : { range: (_, __, top) => [0, (top || 1) * 1.05] } },
      axes: [axis(kind.x, 32, kind.logX), axis(kind.y, 48, kind.logY)],
      series: [{ label: "x", value: (_, v) => (v == null ? "--" : kind.x(v)) }, ...series],
    };
    new uPlot(options, [chart.x, ...chart.series.map((one) => one.y)], place);
  };

  const drawAll = () => data.charts.forEach(draw);
  drawAll();
  let asked = 0, width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(asked);
    asked = setTimeout(drawAll, 100);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
