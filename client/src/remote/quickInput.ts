import { type QuickInputButton, QuickInputButtons, type QuickPickItem, window } from 'vscode';

/** The person went back one step; undefined is that they gave up. */
export const BACK = Symbol('back');

interface TextStep {
  title: string;
  prompt: string;
  placeholder?: string;
  value?: string;
  /** What is wrong with the text, or what it means; asked while it is typed. */
  check(text: string): Promise<{ problem?: string; meaning?: string }>;
}

/** A line of text, validated while it is typed and once more before it is taken. */
export function askText({
  title,
  prompt,
  placeholder,
  value = '',
  check,
}: TextStep): Promise<string | typeof BACK | undefined> {
  return new Promise((resolve) => {
    const input = window.createInputBox();
    Object.assign(input, { title, prompt, value, ignoreFocusOut: true, buttons: [QuickInputButtons.Back] });
    if (placeholder !== undefined) input.placeholder = placeholder;
    let asked = 0;
    let answer: string | typeof BACK | undefined;
    const look = async (text: string): Promise<boolean> => {
      asked += 1;
      const mine = asked;
      const { problem, meaning } = await check(text);
      // A later key has asked again.
      if (mine !== asked) return false;
      input.validationMessage = problem;
      input.prompt = meaning ?? prompt;
      return problem === undefined;
    };
    input.onDidChangeValue((text) => void look(text));
    input.onDidAccept(async () => {
      const text = input.value;
      input.busy = true;
      const good = await look(text);
      input.busy = false;
      if (!good) return;
      answer = text;
      input.hide();
    });
    input.onDidTriggerButton(() => {
      answer = BACK;
      input.hide();
    });
    input.onDidHide(() => {
      input.dispose();
      resolve(answer);
    });
    input.show();
    if (value) void look(value);
  });
}

interface PickStep<T extends QuickPickItem> {
  title: string;
  placeholder: string;
  items: readonly T[];
  /** Also offers a way back. */
  back?: boolean;
  active?: T | undefined;
  /** Makes the items anew for what has been typed. */
  onType?(text: string): Promise<readonly T[]>;
  /** @returns the items without the one, or undefined when the button ends the step with it */
  onButton?(item: T, button: QuickInputButton): Promise<readonly T[] | undefined>;
}

/** One of several items. @returns the item, or with a button of it, the item and the button */
export function askPick<T extends QuickPickItem>(
  step: PickStep<T>,
): Promise<{ item: T; button?: QuickInputButton } | typeof BACK | undefined> {
  return new Promise((resolve) => {
    const pick = window.createQuickPick<T>();
    Object.assign(pick, {
      ...{ title: step.title, placeholder: step.placeholder, items: step.items },
      ...{ ignoreFocusOut: true, matchOnDescription: true },
      buttons: step.back ? [QuickInputButtons.Back] : [],
    });
    if (step.active) pick.activeItems = [step.active];
    let answer: { item: T; button?: QuickInputButton } | typeof BACK | undefined;
    let asked = 0;
    pick.onDidChangeValue(async (text) => {
      if (!step.onType) return;
      asked += 1;
      const mine = asked;
      const items = await step.onType(text);
      if (mine === asked) pick.items = items;
    });
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      if (!item) return;
      answer = { item };
      pick.hide();
    });
    pick.onDidTriggerButton(() => {
      answer = BACK;
      pick.hide();
    });
    pick.onDidTriggerItemButton(async ({ item, button }) => {
      const items = await step.onButton?.(item, button);
      if (items) {
        pick.items = items;
        return;
      }
      answer = { item, button };
      pick.hide();
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve(answer);
    });
    pick.show();
  });
}
