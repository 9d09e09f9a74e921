export const root: string;
export function zigPath(): string;
export function bunPath(): string;
export function denoPath(): string;
export function tscPath(): string;
export function isMusl(): boolean;
