/** Log of push attempts: total counts, and details of the latest attempts. */

const MAX_LAST = 200;

export interface Delivery {
  readonly messageId: string;
  /** Message type (`OrderCreated`), or notification type and resource type (`ResourceUpdated customer`). */
  readonly label: string;
  readonly attempt: number;
  /** HTTP status; 0 if there was no response within the deadline. */
  readonly status: number;
  readonly tookMs: number;
  readonly acknowledged: boolean;
}

export interface DeliveryReport {
  readonly pending: number;
  readonly attempts: number;
  readonly acknowledged: number;
  readonly byLabel: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly last: readonly Delivery[];
}

export class DeliveryLog {
  #attempts = 0;
  #acknowledged = 0;
  readonly #byLabel = new Map<string, number>();
  readonly #byStatus = new Map<string, number>();
  #last: Delivery[] = [];

  add(delivery: Delivery): void {
    this.#attempts += 1;
    if (delivery.acknowledged) {
      this.#acknowledged += 1;
      count(this.#byLabel, delivery.label);
    }
    count(this.#byStatus, String(delivery.status));
    this.#last = [...this.#last.slice(1 - MAX_LAST), delivery];
  }

  report(pending: number): DeliveryReport {
    return {
      pending,
      attempts: this.#attempts,
      acknowledged: this.#acknowledged,
      byLabel: Object.fromEntries(this.#byLabel),
      byStatus: Object.fromEntries(this.#byStatus),
      last: this.#last,
    };
  }

  clear(): void {
    this.#attempts = 0;
    this.#acknowledged = 0;
    this.#byLabel.clear();
    this.#byStatus.clear();
    this.#last = [];
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
