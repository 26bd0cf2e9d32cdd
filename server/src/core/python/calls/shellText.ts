/** What the text of a command line says by itself. */
import type { Judgement } from './call';

const SHELL_DOWNLOAD =
  /(?:curl|wget)\b[^|;&\n]{0,500}\|\s{0,8}(?:sudo\s{1,8})?(?:ba|z|da|k)?sh\b|(?:ba|z|da)?sh\s{1,8}(?:-c\s{1,8})?["']?[<$]\(\s{0,8}(?:curl|wget)\b|(?:curl|wget)\b[^\n]{0,300}(?:&&|;)\s{0,8}(?:sudo\s{1,8})?(?:(?:ba|z|da)?sh|python3?|chmod)\b|\bIEX\s{0,8}\(|powershell[^\n]{0,100}-e(?:nc|c)?\s|certutil[^\n]{0,80}-urlcache|base64\s{1,8}(?:-d|--decode)[^\n]{0,60}\|\s{0,8}(?:ba|z|da)?sh\b/i;
const SHELL_REVERSE =
  /\/dev\/(?:tcp|udp)\/|\bnc(?:at)?\b[^\n]{0,80}\s-[a-df-z]{0,6}e[a-z]{0,6}\s|mkfifo[^\n]{0,120}\bnc\b|socat[^\n]{0,80}exec:/i;

const SERVER_WITHOUT_TOKEN =
  /\bjupyter\b[^\n]{0,300}--(?:NotebookApp|ServerApp|IdentityProvider)\.(?:token|password)=(?:''|""|\\?["']{2})?(?:\s|$)/;

/** Programs that look at no certificate when they are told so. */
const LOOSE: readonly { readonly program: RegExp; readonly option: RegExp }[] = [
  { program: /^\s*(?:sudo\s{1,8})?curl\s/, option: /\s(?:-[a-zA-Z]{0,8}k[a-zA-Z]{0,8}|--insecure)(?:\s|$)/ },
  { program: /^\s*(?:sudo\s{1,8})?wget\s/, option: /\s--no-check-certificate\b/ },
  { program: /^\s*git\s/, option: /\bhttp\.sslVerify[\s=]{1,4}(?:false|0)\b/i },
  { program: /^\s*npm\s/, option: /\bstrict-ssl[\s=]{1,4}false\b/ },
];
/** Addresses of this machine and of private networks, whose certificates are nobody else's. */
const HERE = /\bhttps:\/\/(?:localhost|127\.|10\.|192\.168\.)/;

const skipsCertificates = (text: string): boolean =>
  text
    .split(/[|;\n]|&&/)
    .some((command) =>
      LOOSE.some(({ program, option }) => program.test(command) && option.test(command) && !HERE.test(command)),
    );

const SHELL_TRUST =
  /\s--trust[-_]remote[-_]code\b(?![\s=]{1,4}["']?(?:false|0|no)\b)|[\s,"']trust_remote_code=(?:true|1)\b/i;
const SHELL_TUNNEL =
  /(?:^|[\s&;|])(?:npx\s{1,8})?(?:localtunnel|lt\s{1,8}--port|ngrok\s{1,8}http|cloudflared\s{1,8}tunnel\s[^\n]{0,40}--url)\b/;
const SHELL_OPEN =
  /\s(?:--host|--ip|--bind|--server[.-](?:address|name|host)|--listen)[\s=]{1,4}["']?(?:0\.0\.0\.0|::)(?![\w.])|\s--bind_all\b/;

/**
 * Command lines that no program needs to hide: what it says decides.
 * @param inCell the line is of a notebook, where a server is started by hand; that of a container has to be open
 */
export function judgeShellText(text: string, inCell = false): Judgement | undefined {
  if (SERVER_WITHOUT_TOKEN.test(text))
    return {
      rule: 'no-authentication',
      message: 'The notebook server asks for no token or password: whoever reaches it runs code on it.',
    };
  if (SHELL_REVERSE.test(text))
    return { rule: 'reverse-shell', message: 'The command line connects to another machine and hands it a shell.' };
  if (SHELL_DOWNLOAD.test(text))
    return { rule: 'download-and-run', message: 'The command line downloads a program and runs it in one step.' };
  if (SHELL_TRUST.test(text))
    return {
      rule: 'trust-remote-code',
      message: 'The option runs Python files of the model repository as they are at the time of loading.',
    };
  if (!inCell) return undefined;
  if (skipsCertificates(text))
    return {
      rule: 'tls-verification-disabled',
      severity: 'low',
      message: 'The command accepts any certificate: what it fetches can be replaced on the way.',
    };
  if (SHELL_TUNNEL.test(text))
    return {
      rule: 'public-share',
      message: 'The tunnel opens a public address of this machine, and nobody who uses it has to log in.',
    };
  if (SHELL_OPEN.test(text))
    return {
      rule: 'bind-all-interfaces',
      message: 'The server is reachable from every network the machine is in.',
    };
  return undefined;
}
