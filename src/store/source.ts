/** How rows are asked for, whoever holds the database: the ledger's writer, or a reader from outside. */

export type Values = (string | number)[]

export interface Source {
  /** each row as the list of its values */
  values(sql: string, values: Values): unknown[][]
  /** each row as an object with its columns' names */
  rows<T>(sql: string, values: Values): T[]
}
