import type { Command } from 'commander';

/** Shells for which a completion script can be printed. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface OptionWords {
  readonly flags: readonly string[];
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly text: string;
}

interface CommandWords {
  readonly name: string;
  readonly text: string;
  readonly options: readonly OptionWords[];
  /** Values of the first operand. */
  readonly operands: readonly string[];
}

/** What can be completed, read from the description of the command line itself. */
function wordsOf(program: Command): readonly CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    text: command.description(),
    operands: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    options: command.options.map(({ short, long, required, optional, argChoices, description }) => ({
      flags: [short, long].flatMap((flag) => flag ?? []),
      takesValue: required || optional,
      choices: argChoices ?? [],
      text: description,
    })),
  }));
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(name: string, commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name: command, options, operands }) => {
    // Without words the shell offers files.
    const values = options.flatMap(({ flags, choices, takesValue }) =>
      takesValue ? [`        ${command}:${flags.at(-1)}) words=${shellQuoted(choices.join(' '))} ;;`] : [],
    );
    const flags = options.flatMap((option) => option.flags).join(' ');
    return [...values, `        ${command}:*) words=${shellQuoted([flags, ...operands].join(' '))} ;;`].join('\n');
  });
  return `# bash completion of ${name}; use it with: source <(npx ${name} completion bash)
_lightsail_retention() {
    local words=""
    local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "\${COMP_WORDS[i]}" in
            ${commands.map((command) => command.name).join('|')}) command="\${COMP_WORDS[i]}"; break ;;
        esac
    done
    case "$command:$before" in
        :*) words=${shellQuoted(commands.map((command) => command.name).join(' '))} ;;
${cases.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_lightsail_retention_npx() {
    if [ "\${COMP_WORDS[1]}" = ${name} ] && [ "$COMP_CWORD" -gt 1 ]; then _lightsail_retention; else COMPREPLY=(); fi
}
complete -o default -F _lightsail_retention ${name}
complete -p npx >/dev/null 2>&1 || complete -o default -F _lightsail_retention_npx npx
`;
}

const zshText = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

function zsh(name: string, commands: readonly CommandWords[]): string {
  const list = commands.map((command) => `        ${shellQuoted(`${command.name}:${zshText(command.text)}`)}`);
  const cases = commands.map(({ name: command, options, operands }) => {
    const specs = options.map(({ flags, takesValue, choices, text }) => {
      const values = choices.length === 0 ? '_files' : `(${choices.join(' ')})`;
      return ` \\\n            ${shellQuoted(`${flags.at(-1)}[${zshText(text)}]${takesValue ? `:value:${values}` : ''}`)}`;
    });
    const operand = operands.length === 0 ? '*:file:_files' : `1:value:(${operands.join(' ')})`;
    return `        ${command}) _arguments${specs.join('')} \\\n            ${shellQuoted(operand)} ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}; use it with: source <(npx ${name} completion zsh)
_lightsail_retention() {
    local -a commands
    commands=(
${list.join('\n')}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command="$words[2]"
    shift words
    (( CURRENT-- ))
    case "$command" in
${cases.join('\n')}
    esac
}
_lightsail_retention_npx() {
    if (( CURRENT > 2 )) && [[ "$words[2]" == ${name} ]]; then
        shift words
        (( CURRENT-- ))
        _lightsail_retention
    else
        _default
    fi
}
compdef _lightsail_retention ${name}
(( $+_comps[npx] )) || compdef _lightsail_retention_npx npx
`;
}

function fish(name: string, commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name: command, text, options, operands }) => {
    const within = `complete -c ${name} -n '__fish_seen_subcommand_from ${command}'`;
    return [
      `complete -c ${name} -n __fish_use_subcommand -f -a ${command} -d ${shellQuoted(text)}`,
      ...(operands.length === 0 ? [] : [`${within} -f -a ${shellQuoted(operands.join(' '))}`]),
      ...options.map(({ flags, takesValue, choices, text: description }) => {
        const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        const file = takesValue ? ' -r' : '';
        const value = choices.length > 0 ? ` -x -a ${shellQuoted(choices.join(' '))}` : file;
        return `${within} ${names.join(' ')}${value} -d ${shellQuoted(description)}`;
      }),
    ];
  });
  return `# fish completion of ${name}; use it with: npx ${name} completion fish | source
${lines.join('\n')}
`;
}

const SCRIPTS = { bash, zsh, fish } as const;

/** The completion script of a shell. */
export const completionScript = (program: Command, shell: Shell): string =>
  SCRIPTS[shell](program.name(), wordsOf(program));
