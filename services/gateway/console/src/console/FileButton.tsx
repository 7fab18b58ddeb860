import { Button, type ButtonProps } from "@mantine/core";
import { type ChangeEvent, type ReactNode, useRef } from "react";

/** What Weir takes, as the file dialog filters it. */
const ACCEPTED = "video/*,audio/mp4,.mkv,.mka,.ts,.mts,.m2ts,.flv,.f4v";

/** A button that opens the file dialog. */
export function FileButton({
  onFiles,
  accept = ACCEPTED,
  isMultiple = false,
  children,
  ...props
}: ButtonProps & {
  onFiles: (files: File[]) => void;
  accept?: string;
  isMultiple?: boolean;
  children: ReactNode;
  "aria-label"?: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.currentTarget.files ?? [])]);
    // The same file may be chosen again.
    event.currentTarget.value = "";
  };
  return (
    <>
      <input ref={input} type="file" hidden accept={accept} multiple={isMultiple} onChange={take} />
      <Button {...props} onClick={() => input.current?.click()}>
        {children}
      </Button>
    </>
  );
}
