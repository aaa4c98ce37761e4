// The keys, on '?'.
import { useEffect, useRef, type ReactNode } from 'react';

const keys: readonly (readonly [string, string])[] = [
  ['1 2 3 4', 'Live, Connections, Map, Capture'],
  ['/', 'to the filter'],
  ['j k ↓ ↑', 'next row, row before'],
  ['g G', 'first row, last row'],
  ['Enter o', 'open the row'],
  ['Esc', 'close what is open; leave the filter'],
  ['Space', 'pause, resume'],
  ['f', 'follow the newest row'],
  ['t', 'dark, light'],
  ['?', 'this help'],
];

export function Help({ onClose }: { readonly onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    // A click beside it closes it, as Escape does.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="help"
      aria-labelledby="help-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      onKeyDown={(event) => event.key === '?' && onClose()}
    >
      <h2 id="help-title">Keyboard</h2>
      <table>
        <tbody>
          {keys.map(([key, what]) => (
            <tr key={key}>
              <th scope="row">
                {key.split(' ').map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Filter</h2>
      <p>
        <code>host:shop.* method:POST status:5xx path:/cart latency:100ms process:nginx</code>
      </p>
      <p>
        All words must hold; <code>host</code>, <code>method</code>, <code>status</code> and{' '}
        <code>path</code> may be given several times, any of them then does. Words without a name
        are looked for in start lines, headers and text bodies, as one phrase. Double quotes keep
        blanks together.
      </p>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
