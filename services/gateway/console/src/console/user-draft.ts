/** A user that is being made, or a password: what is wrong with it. */

/** The same names as `/api/v1/users` allows; Weir checks again. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
export const MIN_PASSWORD = 10;

export function nameFault(name: string): "required" | "badUserName" | null {
  if (!name) return "required";
  return NAME.test(name) ? null : "badUserName";
}

/** None is right, too: Weir makes one. */
export function passwordFault(password: string): "badPassword" | null {
  return password && password.length < MIN_PASSWORD ? "badPassword" : null;
}
