/** A command that wraps between its words, not inside an option; only an address breaks anywhere. */
export function ShellLine({ line }: { line: string }) {
  return (
    <span className="shell">
      {line.split(" ").map((word, place) => (
        // The words of a line stay where they are, and may be equal.
        <span key={place}>
          {place > 0 && " "}
          <span className={word.includes("://") ? "shell-address" : "shell-word"}>{word}</span>
        </span>
      ))}
    </span>
  );
}
