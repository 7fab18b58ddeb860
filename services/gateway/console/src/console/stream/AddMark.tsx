import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { keepImage, type Mark } from "../../api/marks";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { FileButton } from "../FileButton";
import { Icon } from "../icons";
import { anchored, type Size } from "./frame";

const LETTERS = { color: "#ffffff", outline: "#000000", rotation: 0, opacity: 1 };
/** Of the frame's height. */
const LETTER_SHARE = 0.06;
/** Of the frame's width, at most. */
const IMAGE_SHARE = 0.2;

/** One more text, clock or picture. */
export function AddMark({
  isFull,
  frame,
  onAdd,
}: {
  isFull: boolean;
  frame: Size;
  onAdd: (mark: Mark) => void;
}) {
  const { t } = useReader();
  const size = Math.max(12, Math.round(frame.height * LETTER_SHARE));
  const keeping = useMutation({
    mutationFn: keepImage,
    onSuccess: ({ id, width, height }) => {
      const share = Math.min(1, (frame.width * IMAGE_SHARE) / width);
      onAdd({
        ...anchored("top_right"),
        kind: "image",
        image: id,
        width: Math.max(1, Math.round(width * share)),
        height: Math.max(1, Math.round(height * share)),
        opacity: 1,
      });
    },
  });
  const addText = () =>
    onAdd({ ...anchored("bottom_left"), ...LETTERS, kind: "text", size, text: t.stream.markFirst });
  const addClock = () => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    onAdd({ ...anchored("top_left"), ...LETTERS, kind: "clock", size, timezone: timeZone });
  };
  return (
    <>
      <div className="add-mark">
        <Button
          variant="default"
          disabled={isFull}
          leftSection={<Icon name="text" size={18} />}
          onClick={addText}
        >
          {t.stream.addText}
        </Button>
        <Button
          variant="default"
          disabled={isFull}
          leftSection={<Icon name="clock" size={18} />}
          onClick={addClock}
        >
          {t.stream.addClock}
        </Button>
        <FileButton
          accept="image/png,image/jpeg,image/webp,image/gif"
          variant="default"
          disabled={isFull}
          loading={keeping.isPending}
          leftSection={<Icon name="image" size={18} />}
          onFiles={([file]) => file && keeping.mutate(file)}
        >
          {t.stream.addImage}
        </FileButton>
      </div>
      {keeping.error && <Failure error={keeping.error} />}
    </>
  );
}
