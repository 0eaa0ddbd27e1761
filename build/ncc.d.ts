declare module '@vercel/ncc' {
  interface Options {
    cache?: boolean;
    esm?: boolean;
    externals?: Record<string, string>;
    license?: string;
    minify?: boolean;
    quiet?: boolean;
  }

  interface Bundle {
    code: string;
    assets: Record<string, { source: string | Uint8Array }>;
  }

  export default function ncc(entry: string, options?: Options): Promise<Bundle>;
}
