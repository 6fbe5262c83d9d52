/** A step of a page: a command of its reader, or a file that the reader writes. */
export type PageStep = { readonly command: string } | { readonly file: string; readonly text: string };

/**
 * What a reader of a page does, in order: the lines of its `sh` blocks without their comments, commands in its text,
 * and the YAML blocks whose first line names their file.
 */
export function stepsOf(page: string): readonly PageStep[] {
  const found = page.matchAll(/^```(\w*)\n([\s\S]*?)^```$|`((?:npx|npm|aws) [^`\n]+)`/gm);
  return [...found].flatMap(([, language, text = '', inline]): readonly PageStep[] => {
    if (inline !== undefined) return [{ command: inline }];
    if (language === 'sh')
      return text
        .split('\n')
        .map((line) => line.replace(/\s+#.*$/, ''))
        .filter((line) => line !== '')
        .map((command) => ({ command }));
    const [, file] = /^# (\S+\.yaml)$/m.exec(text) ?? [];
    return language === 'yaml' && file !== undefined ? [{ file, text }] : [];
  });
}

/** The languages of a page's blocks, each once. */
export const languagesOf = (page: string): readonly string[] => [
  ...new Set([...page.matchAll(/^```(\w*)\n[\s\S]*?^```$/gm)].map(([, language = '']) => language)),
];
