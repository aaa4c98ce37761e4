import { defineConfig } from 'vite';

// The gateway that `npm run dev` asks for data.
const gateway = process.env['XDPCAP_WEB'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // Relative, so that the dashboard also works behind a proxy that serves it under a folder.
  base: './',
  build: {
    target: 'es2022',
    // The gateway's Content-Security-Policy allows files of its own and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/api': { target: gateway, changeOrigin: true } } },
});
