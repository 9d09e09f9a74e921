export function startScreen(
  folder?: string,
): Promise<AsyncDisposable & { readonly display: string; readonly path: string }>;
