import type { DatabaseSync } from "node:sqlite";

interface Write {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits together what arrives in one turn of the event loop: under load one fsync carries many
 * requests, and none waits when there is no load. A promise resolves once its write is durable.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  #waiting: Write[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs `work` (synchronous) in the next transaction. When it throws, only its own writes are undone. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as Write["resolve"], reject });
      if (this.#waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const settle = batch.map((write) => this.#runOne(write));
      this.#database.exec("COMMIT");
      for (const done of settle) done();
    } catch (error) {
      // A closed database has no transaction, and throws when it is asked for one.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec("ROLLBACK");
      for (const write of batch) write.reject(error);
    }
  }

  #runOne({ work, resolve, reject }: Write): () => void {
    this.#database.exec("SAVEPOINT one");
    try {
      const value = work();
      this.#database.exec("RELEASE one");
      return () => resolve(value);
    } catch (error) {
      // A full disk ends the whole transaction, and with it the savepoint.
      if (!this.#database.isOpen || !this.#database.isTransaction) throw error;
      this.#database.exec("ROLLBACK TO one; RELEASE one");
      return () => reject(error);
    }
  }
}
