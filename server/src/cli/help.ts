/** What `--help` prints. `docs/cli.md` says more. */
const GENERAL = `Watchtower scans machine-learning repositories: models, notebooks, Python, dependencies.
Nothing is executed, nothing leaves this machine, nothing is written into what is scanned.

Usage: watchtower <command> [options]

  scan [TARGET...]      scan files and folders (default: the current folder)
  baseline [TARGET]     write a baseline of what is there now, so that only what is new is reported
  rules [ID]            list the rules, or explain one
  help [COMMAND]        this text, or a command's options
  --version

Exit codes: 0 nothing at or above --fail-on; 1 findings at or above it;
            2 wrong usage, or something could not be scanned that should have been; 130 cancelled
`;

const SCAN = `Usage: watchtower scan [TARGET...] [options]

TARGET is a path, a repository or a bucket:
  path/to/folder  path/to/model.pt
  https://github.com/owner/repo[/tree/ref]   github:owner/repo[@ref]
  https://huggingface.co/owner/model         hf:owner/model[@revision]
  s3://bucket/prefix

Options:
  -f, --format FORMAT        text (default), json, sarif, html, cyclonedx, csv, markdown
  -o, --output FILE          write the report to FILE; its extension chooses the format when -f is absent
      --reports DIR          also write the three Watchtower reports (summary, detailed, severity-mapped) into DIR,
                             or into one zip when the name ends with .zip
      --fail-on LEVEL        critical, high (default), medium, low or never
      --min-severity LEVEL   show findings from LEVEL on: critical, high, medium, low, info (default)
      --baseline FILE        count as suppressed what FILE has: written by "watchtower baseline", or .secrets.baseline
                             of detect-secrets, or .gitleaksignore
  -c, --config FILE          settings as JSON; a file inside the scanned tree is used only when named here
      --exclude GLOB         leave out, in .gitignore syntax; may be repeated
      --allow-incomplete     exit code 0 although something could not be scanned in full; it is listed all the same
      --no-inline-suppression  ignore "watchtower: ignore" comments and the .watchtowerignore in what is scanned
      --full                 remote sources: fetch whole files instead of the parts that matter
      --ref NAME             remote repositories: branch, tag, commit or revision (--depth N: commits of history)
      --subfolder PATH       remote repositories: only this folder or file
      --no-git               GitHub: use the REST interface although git is installed
      --region, --endpoint URL, --path-style, --anonymous, --profile NAME, --requester-pays   S3
  -j, --jobs N               scan worker threads (default: processors minus one, at most four)
      --timeout SECONDS      longest time for one artifact (default: 60)
  -q, --quiet                no progress, no notes
      --no-color, --color    never or always colour; by default on terminals, NO_COLOR is respected
  -h, --help
`;

const BASELINE = `Usage: watchtower baseline [TARGET] [--output FILE] [scan options]

Scans TARGET and writes its findings as a baseline (default: .watchtower/baseline.json in the current folder).
Written anew, it keeps the salt, the reasons and the expiry dates of entries that are still found.
A baseline holds fingerprints and salted hashes, no secret, no line number, no time. Scan with --baseline FILE to see only what is new.
`;

const RULES = `Usage: watchtower rules [ID] [--json]

Lists every rule with its severity, or explains the one named.
`;

export function helpText(about?: string): string {
  if (about === 'scan') return SCAN;
  if (about === 'baseline') return BASELINE;
  if (about === 'rules') return RULES;
  return GENERAL;
}
