// What Prettier and the compiler do not see. ESLint is started at the root of the repository, so
// that it reaches tests/system as well (npm run lint).
import js from '@eslint/js';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

// In Node.js and in the page that it drives.
const names =
  'console document fetch getComputedStyle innerWidth location performance process setTimeout';

export default defineConfig(
  { ignores: ['**/dist/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [
      typescript.configs.strict,
      typescript.configs.stylistic,
      hooks.configs.flat.recommended,
      a11y.flatConfigs.recommended,
    ],
    rules: {},
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(names.split(' ').map((name) => [name, 'readonly'])),
    },
  },
);
