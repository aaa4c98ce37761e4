// Small things that several pages show.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { messageOf } from '../api/client';
import type { Process } from '../api/types';

export function statusClass(status: number | null): string {
  if (status === null) return 'none';
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warn';
  return status >= 300 ? 'info' : 'good';
}

export function Status({ status }: { readonly status: number | null }): ReactNode {
  return <span className={`status ${statusClass(status)}`}>{status ?? '···'}</span>;
}

export function Notice({
  kind = 'info',
  children,
}: {
  readonly kind?: 'info' | 'warn' | 'bad';
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className={`notice ${kind}`} role={kind === 'info' ? 'note' : 'alert'}>
      {children}
    </div>
  );
}

export function Failure({ error }: { readonly error: unknown }): ReactNode {
  return error ? <Notice kind="bad">{messageOf(error)}</Notice> : null;
}

export function Empty({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="empty">{children}</div>;
}

// Name and value, two columns.
export function Facts({
  rows,
}: {
  readonly rows: readonly (readonly [string, ReactNode])[];
}): ReactNode {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Flags({ flags }: { readonly flags: readonly string[] }): ReactNode {
  return flags.map((flag) => (
    <span key={flag} className="flag">
      {flag.replaceAll('_', ' ')}
    </span>
  ));
}

export function processName(process: Process | null): string {
  return process ? `${process.name} [${process.pid}]` : '–';
}

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly content: () => ReactNode;
}

// A row of tabs; the arrow keys move between them.
export function Tabs(props: {
  readonly tabs: readonly Tab[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  readonly label: string;
}): ReactNode {
  const { tabs, chosen, onChoose } = props;
  const row = useRef<HTMLDivElement>(null);
  const current = tabs.find((tab) => tab.id === chosen) ?? tabs[0];
  const step = (by: number): void => {
    const at = tabs.findIndex((tab) => tab.id === current?.id);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.id);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <>
      <div ref={row} className="tabs" role="tablist" aria-label={props.label}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            data-tab={tab.id}
            aria-selected={tab.id === current?.id}
            tabIndex={tab.id === current?.id ? 0 : -1}
            onClick={() => onChoose(tab.id)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight') step(1);
              if (event.key === 'ArrowLeft') step(-1);
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" aria-label={current?.label}>
        {current?.content()}
      </div>
    </>
  );
}

// Copies by the clipboard's API, which plain http beyond this machine does not have; there the old
// way serves.
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'off-screen';
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

// A button that copies what `text` answers, and says how it went.
export function CopyButton({
  label,
  text,
}: {
  readonly label: string;
  readonly text: () => Promise<string> | string;
}): ReactNode {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      setSaid((await copyText(await text())) ? 'copied' : 'the browser does not let us copy');
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  return (
    <button type="button" className="small" onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
