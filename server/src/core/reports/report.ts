import type { ScanReport } from '../finding';

/** What a report is told besides the scan. Everything is optional: a report never fails for want of it. */
export interface ReportOptions {
  /** POSIX path of the target as seen from where links shall start (the repository's root), without a slash at its end. */
  pathPrefix?: string;
  /** Seconds since 1970; stands in the names and ids of the three Watchtower reports. Default: now. */
  timestamp?: number;
  /** `Repository Type` of the summary: `folder`, `file`, `github`, `huggingface`, `s3`. */
  repositoryType?: string;
  /** `Repository URL` of the summary, for github and huggingface. */
  repositoryUrl?: string;
  /** `Bucket Name` of the summary, for s3. */
  bucketName?: string;
}

/** One way to show a scan. One file and one line in `index.ts` each. */
export interface ReportFormat {
  readonly id: string;
  readonly title: string;
  /** Ending of the file's name, with its dot. */
  readonly extension: string;
  build(report: ScanReport, options: ReportOptions): string;
}
