// Asks a path again and again, as long as a component shows it and the page can be seen. The last
// good answer stays while the next is on its way or fails, so that nothing flickers.
import { useEffect, useEffectEvent, useState } from 'react';
import { getJson, isAbort, urlOf, type Parameters } from './client';

export interface Polled<Answer> {
  readonly answer: Answer | null;
  readonly error: unknown;
}

// `path` null asks nothing; `every_ms` 0 asks once.
export function usePoll<Answer>(
  path: string | null,
  parameters: Parameters,
  every_ms: number,
  onAnswer?: (answer: Answer) => void,
): Polled<Answer> {
  const key = path === null ? null : urlOf(path, parameters);
  const [polled, setPolled] = useState<Polled<Answer> & { key: string | null }>({
    key: null,
    answer: null,
    error: null,
  });
  const arrived = useEffectEvent((answer: Answer) => onAnswer?.(answer));
  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const answer = await getJson<Answer>(key, [], abort.signal);
          if (abort.signal.aborted) return;
          setPolled({ key, answer, error: null });
          arrived(answer);
        } catch (error) {
          if (isAbort(error) || abort.signal.aborted) return;
          setPolled((before) => ({
            key,
            answer: before.key === key ? before.answer : null,
            error,
          }));
        }
      }
      if (every_ms > 0 && !abort.signal.aborted) timer = setTimeout(() => void ask(), every_ms);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, every_ms]);
  return polled.key === key ? polled : { answer: null, error: null };
}
