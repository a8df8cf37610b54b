/** Says on the side how far a run is: in place on a terminal, else a line for every tenth. */
export interface Progress {
  (done: number, total: number): void;
  end(): void;
}

export interface Side {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function progressOn(side: Side): Progress {
  let tenth = -1;
  const say = (done: number, total: number): void => {
    const now = total === 0 ? 10 : Math.floor((done * 10) / total);
    if (side.isTTY === true) side.write(`\r${done} of ${total} played\u001b[K`);
    else if (now > tenth) side.write(`${done} of ${total} played\n`);
    tenth = Math.max(tenth, now);
  };
  return Object.assign(say, {
    end() {
      if (side.isTTY === true && tenth >= 0) side.write("\r\u001b[K");
    },
  });
}
