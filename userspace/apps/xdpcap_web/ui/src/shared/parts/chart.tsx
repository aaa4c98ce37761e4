// A uPlot chart as wide as its place, in the colours of the theme.
import { useEffect, useEffectEvent, useMemo, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import { clock } from '../lib/format';
import { useStore } from '../lib/store';
import { theme } from '../lib/theme';

export interface ChartSeries {
  readonly label: string;
  readonly colour: string; // a custom property: --blue
  readonly values: readonly (number | null)[];
  readonly dots?: boolean; // points, no line
  readonly dashed?: boolean;
  readonly stepped?: boolean; // holds until the next point
}

interface Props {
  readonly title: string;
  readonly time: readonly number[]; // x; milliseconds since 1970, or what `xFormat` writes
  readonly series: readonly ChartSeries[];
  readonly format: (value: number | null) => string;
  readonly xFormat?: (value: number) => string;
  readonly height?: number;
  readonly whole?: boolean; // there is nothing between two whole numbers
}

const defaultHeight = 150;

// 1, 2, 5, 10, 20 ...
const wholeSteps = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsOf(props: Props, width: number): uPlot.Options {
  const axis = {
    stroke: colourOf('--dim'),
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { stroke: colourOf('--line'), width: 1 },
    font: '11px system-ui',
  };
  const xFormat = props.xFormat;
  return {
    width,
    height: props.height ?? defaultHeight,
    legend: { live: true },
    cursor: { points: { size: 6 }, drag: { x: true, y: false } },
    scales: {
      x: { time: !xFormat },
      y: { range: (_chart, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        ...(xFormat ? { values: (_chart: uPlot, values: number[]) => values.map(xFormat) } : {}),
      },
      {
        ...axis,
        size: 78,
        values: (_chart, values) => values.map((value) => props.format(value)),
        ...(props.whole ? { incrs: wholeSteps } : {}),
      },
    ],
    series: [
      {
        label: 'time',
        value: (_chart: uPlot, value: number | null) => {
          if (value === null) return '–';
          return xFormat ? xFormat(value) : clock(value * 1000);
        },
      },
      ...props.series.map((one): uPlot.Series => ({
        label: one.label,
        stroke: colourOf(one.colour),
        width: one.dots ? 0 : 1.5,
        spanGaps: !one.dots,
        ...(one.dashed ? { dash: [5, 4] } : {}),
        ...(one.stepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
        ...(one.dots
          ? { paths: () => null, points: { show: true, size: 5, fill: colourOf(one.colour) } }
          : { points: { show: false } }),
        value: (_chart, value) => props.format(value),
      })),
    ],
  };
}

// The legend has the newest values while the pointer is elsewhere.
function showNewest(chart: uPlot): void {
  const { idx } = chart.cursor;
  if (idx !== null && idx !== undefined) return;
  const newest = (values: ArrayLike<unknown>): number => {
    let at = values.length - 1;
    while (at > 0 && (values[at] === null || values[at] === undefined)) at -= 1;
    return at;
  };
  if (chart.data[0].length > 0) chart.setLegend({ idxs: chart.data.map(newest) });
}

export function Chart(props: Props): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const { shown } = useStore(theme);
  // uPlot counts seconds where x is a time.
  const data = useMemo(
    () =>
      [
        props.xFormat ? [...props.time] : props.time.map((ms) => ms / 1000),
        ...props.series.map((one) => [...one.values]),
      ] as uPlot.AlignedData,
    [props.time, props.series, props.xFormat],
  );
  const shape = props.series.map((one) => `${one.label}${one.colour}`).join('|');
  const draw = useEffectEvent(
    (element: HTMLElement, width: number) => new uPlot(optionsOf(props, width), data, element),
  );
  const resize = useEffectEvent((drawn: uPlot, width: number) =>
    drawn.setSize({ width, height: props.height ?? defaultHeight }),
  );

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const width = (): number => Math.max(200, element.clientWidth);
    const drawn = draw(element, width());
    chart.current = drawn;
    showNewest(drawn);
    const observer = new ResizeObserver(() => resize(drawn, width()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      chart.current = null;
    };
  }, [shape, shown]);

  useEffect(() => {
    chart.current?.setData(data);
    if (chart.current) showNewest(chart.current);
  }, [data]);

  return (
    <figure className="chart">
      <figcaption>{props.title}</figcaption>
      <div
        ref={place}
        role="img"
        aria-label={`${props.title}: ${props.series.map((one) => one.label).join(', ')}`}
      />
    </figure>
  );
}
