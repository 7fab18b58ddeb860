/** The status that `url` is answered with, without becoming its viewer; 0: no answer. */
export async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { method: "HEAD", cache: "no-store" });
    return response.status;
  } catch {
    return 0;
  }
}
