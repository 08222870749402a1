package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// collations compare byte for byte, trailing blanks included. The others take
// "A" for "a" or "a " for "a": an id would have two spellings, and what was
// journalled would not be what was read.
var collations = []string{"utf8mb4_nopad_bin", "utf8mb4_0900_bin"} // MariaDB's, MySQL's

// checkDatabase refuses a database whose new tables would compare otherwise.
func checkDatabase(ctx context.Context, db *sql.DB) error {
	var name, collation, version string
	err := db.QueryRowContext(ctx, "SELECT DATABASE(), @@collation_database, @@version").Scan(&name, &collation, &version)
	if err != nil {
		return fmt.Errorf("ask for the database's collation: %w", err)
	}
	if slices.Contains(collations, collation) {
		return nil
	}
	right := collations[1]
	if strings.Contains(version, "MariaDB") {
		right = collations[0]
	}
	return fmt.Errorf("database %s has collation %s, under which different ids are equal; run ALTER DATABASE %s CHARACTER SET utf8mb4 COLLATE %s",
		name, collation, name, right)
}

// checkColumns refuses tables that were made under another collation.
func checkColumns(ctx context.Context, db *sql.DB) error {
	var table, column, collation string
	err := db.QueryRowContext(ctx, "SELECT table_name, column_name, collation_name FROM information_schema.columns "+
		"WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND collation_name NOT IN (?, ?) "+
		"AND table_name NOT LIKE '%\\_version' LIMIT 1", collations[0], collations[1]).Scan(&table, &column, &collation)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check columns: %w", discreet(err))
	}
	return fmt.Errorf("column %s.%s has collation %s, under which different ids are equal; run ALTER TABLE %s CONVERT TO CHARACTER SET utf8mb4 COLLATE the database's",
		table, column, collation, table)
}

// lockSchema keeps other processes from migrating the same tables, and returns
// a pool to migrate with, which waits for as long as a statement takes.
func (db *DB) lockSchema(ctx context.Context, versions string) (*sql.DB, func(), error) {
	patient := db.server.Clone()
	patient.ReadTimeout = 0
	patient.ParseTime = true // the table of versions has times
	on, err := pool(patient, false)
	if err != nil {
		return nil, nil, err
	}
	holder, err := on.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, on.Close())
	}
	// The lock ends with its connection: nothing is left when this process dies.
	free := func() { _, _ = holder.Close(), on.Close() }
	var held sql.NullInt64
	err = holder.QueryRowContext(ctx, "SELECT GET_LOCK(SHA1(CONCAT(DATABASE(), '.', ?)), ?)", versions, schemaTime).Scan(&held)
	if err == nil && held.Int64 != 1 {
		err = errors.New("another process has been migrating for too long")
	}
	if err != nil {
		free()
		return nil, nil, fmt.Errorf("lock the schema: %w", discreet(err))
	}
	return on, free, nil
}
