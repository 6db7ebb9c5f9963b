/** Sends a file with its progress. `fetch` says nothing while it sends, so this is the older request. */
import { language } from '../i18n';
import { refusal, Unreachable, type Refused } from '../lib/api';
import type { Run } from './types';

export interface Sending {
  /** The run that the file became; rejects with a [`Refused`], an [`Unreachable`] or a [`Stopped`]. */
  done: Promise<Run>;
  stop(): void;
}

/** The person stopped the sending. */
export class Stopped extends Error {}

/** `onprogress` hears bytes sent and bytes in all. */
export function send(
  address: string,
  file: Blob,
  onprogress: (sent: number, total: number) => void,
  make: () => XMLHttpRequest = () => new XMLHttpRequest(),
): Sending {
  const request = make();
  const done = new Promise<Run>((resolve, reject) => {
    request.upload.onprogress = (event) => onprogress(event.loaded, event.total || file.size);
    request.onload = () => {
      const outcome = judge(request.status, request.getResponseHeader('Retry-After'), request.responseText);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    request.onerror = request.ontimeout = () => reject(new Unreachable());
    request.onabort = () => reject(new Stopped());
  });
  request.open('POST', address);
  request.setRequestHeader('Accept', 'application/json');
  request.setRequestHeader('Accept-Language', language);
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.send(file);
  return { done, stop: () => request.abort() };
}

/** The run of an accepted file, or why there is none. A gateway's 502 to 504 is a server that can't be reached. */
export function judge(status: number, retryAfter: string | null, text: string): Run | Refused | Unreachable {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not ours; the status says the rest.
  }
  if (status >= 200 && status < 300 && typeof (body as Run | null)?.state === 'string') return body as Run;
  if (status < 300 || (status >= 502 && status <= 504)) return new Unreachable();
  return refusal(status, retryAfter, body);
}
