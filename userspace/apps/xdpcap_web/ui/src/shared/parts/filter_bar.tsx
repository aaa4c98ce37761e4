// The one input of a list's filter, with its words on offer.
import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { parseFilter, type WordKind } from '../lib/filter';

interface Props {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly words: readonly WordKind[];
  readonly plain: string;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly placeholder: string;
}

// A filter is asked for when the fingers rest.
const rest_ms = 250;

export function FilterBar(props: Props): ReactNode {
  const { value, onChange, words, plain, input } = props;
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // Changed from elsewhere: by a link, or the step back.
    if (value !== sent.current) {
      sent.current = value;
      setTyped(value);
    }
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = typed;
      onChange(typed);
    }, rest_ms);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  const { error } = parseFilter(typed, words, plain);
  const offer = (hint: string): void => {
    const name = `${hint.split(':')[0]}:`;
    setTyped((before) => `${before.trim()} ${name}`.trimStart());
    input.current?.focus();
  };
  return (
    <div className={`filter${typed === '' ? ' empty-filter' : ''}`}>
      <input
        ref={input}
        type="search"
        value={typed}
        placeholder={props.placeholder}
        aria-label="Filter"
        aria-invalid={error !== null}
        aria-describedby="filter-help"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' || event.key === 'Enter') input.current?.blur();
          // It leaves the filter and nothing else: what is open stays open.
          if (event.key === 'Escape') event.preventDefault();
          if (event.key === 'Enter') {
            sent.current = typed;
            onChange(typed);
          }
        }}
      />
      <div id="filter-help" className="filter-help">
        {error !== null && (
          <div className="filter-error" role="alert">
            {error}
          </div>
        )}
        <div className="filter-words">
          {words.map((word) => (
            <button
              key={word.name}
              type="button"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => offer(word.hint)}
            >
              {word.hint}
            </button>
          ))}
          <span>plain words: {plain}</span>
        </div>
      </div>
    </div>
  );
}
