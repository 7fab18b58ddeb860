/** What this browser keeps for a viewer; nothing, where it was told to keep nothing of a page's. */

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // merely to look for it is refused, as in a frame of another site
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // What was chosen holds for this page alone.
  }
}
