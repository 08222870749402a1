package store

import "slices"

// Compared returns the hashes with which codes are compared from now on.
func (s *Store) Compared() *[][]byte {
	var hashes [][]byte
	compare := s.compare
	s.compare = func(hash, code []byte) error {
		hashes = append(hashes, slices.Clone(hash))
		return compare(hash, code)
	}
	return &hashes
}
