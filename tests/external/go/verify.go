// verify checks an exported log (../export_log.cc) with golang.org/x/mod/sumdb/note and sumdb/tlog, which share no code
// with this project: every checkpoint and cosignature, every tile, every entry, every proof file, and that every older
// checkpoint is what the log began with. It exits 1 and says why at the first thing that does not hold.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// cosigner verifies cosignature/v1, which the package does not know: a time, and a signature over it and the text.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed vkey %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("vkey %q is not of a cosigner", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, fmt.Errorf("vkey %q has another id than its key", vkey)
	}
	return &cosigner{parts[0], hash, key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), msg...)
	return ed25519.Verify(c.key, signed, sig[8:])
}

// log is an exported folder with the keys that count.
type log struct {
	folder    string
	keys      int // that count: all must have signed
	origin    string
	verifiers []note.Verifier
	tree      tlog.Tree
	hashes    tlog.HashReader
	entries   [][]byte
}

func (l *log) Height() int                         { return tileHeight }
func (l *log) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(l.folder, pathOf(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// pathOf is the path of C2SP tlog-tiles; the package writes tile/8/0/000 for tile/0/000, and data for entries.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if tile.L == -1 {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

func (l *log) readPolicy() error {
	text, err := os.ReadFile(filepath.Join(l.folder, "policy"))
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text), "\n") {
		items := strings.Fields(line)
		switch {
		case len(items) == 2 && items[0] == "log":
			verifier, err := note.NewVerifier(items[1])
			if err != nil {
				return err
			}
			l.origin = verifier.Name()
			l.verifiers = append(l.verifiers, verifier)
		case len(items) == 3 && items[0] == "witness":
			verifier, err := newCosigner(items[2])
			if err != nil {
				return err
			}
			l.verifiers = append(l.verifiers, verifier)
		}
	}
	if len(l.verifiers) != l.keys {
		return fmt.Errorf("policy has %d keys, not %d", len(l.verifiers), l.keys)
	}
	return nil
}

// open verifies a checkpoint: the log and both cosigners must have signed.
func (l *log) open(msg []byte) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(msg, note.VerifierList(l.verifiers...))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != len(l.verifiers) {
		return tree, fmt.Errorf("%d of %d known keys signed", len(opened.Sigs), len(l.verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != l.origin || lines[3] != "" {
		return tree, fmt.Errorf("malformed checkpoint %q", opened.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func (l *log) openFile(name string) (tlog.Tree, error) {
	msg, err := os.ReadFile(filepath.Join(l.folder, name))
	if err != nil {
		return tlog.Tree{}, err
	}
	return l.open(msg)
}

// checkEntries reads every bundle and compares what its entries hash to with leaf hashes that the package has
// authenticated against the checkpoint.
func (l *log) checkEntries() error {
	const width = 1 << tileHeight
	for start := int64(0); start < l.tree.N; start += width {
		tile := tlog.Tile{H: tileHeight, L: -1, N: start / width, W: width}
		if l.tree.N-start < width {
			tile.W = int(l.tree.N - start)
		}
		data, err := os.ReadFile(filepath.Join(l.folder, pathOf(tile)))
		if err != nil {
			return err
		}
		var indexes []int64
		for i := 0; i < tile.W; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, start+int64(i)))
		}
		leaves, err := l.hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i := 0; i < tile.W; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s ends within entry %d", pathOf(tile), i)
			}
			size := 2 + int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:size]) != leaves[i] {
				return fmt.Errorf("entry %d is not in the tree", start+int64(i))
			}
			l.entries = append(l.entries, data[2:size])
			data = data[size:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s goes on behind its entries", pathOf(tile))
		}
	}
	return nil
}

// checkTiles compares every tile with what the package makes of the authenticated hashes, and looks for files that the
// tree has not.
func (l *log) checkTiles() error {
	expected := map[string]bool{}
	tiles := tlog.NewTiles(tileHeight, 0, l.tree.N)
	for i, tile := range tiles {
		// Of the partial ones it lists every width there ever was; the tree has the widest.
		if i+1 < len(tiles) && tiles[i+1].L == tile.L && tiles[i+1].N == tile.N {
			continue
		}
		path := pathOf(tile)
		expected[path] = true
		computed, err := tlog.ReadTileData(tile, l.hashes)
		if err != nil {
			return err
		}
		found, err := os.ReadFile(filepath.Join(l.folder, path))
		if err != nil {
			return err
		}
		if !bytes.Equal(found, computed) {
			return fmt.Errorf("%s is not what the tree has there", path)
		}
		if tile.L == 0 {
			tile.L = -1
			expected[pathOf(tile)] = true
		}
	}
	return filepath.Walk(filepath.Join(l.folder, "tile"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, err := filepath.Rel(l.folder, path)
		if err == nil && !expected[filepath.ToSlash(name)] {
			err = fmt.Errorf("%s is of no tile of a tree of size %d", name, l.tree.N)
		}
		return err
	})
}

func (l *log) checkOlder() error {
	names, err := filepath.Glob(filepath.Join(l.folder, "checkpoints", "*"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("no older checkpoints (%v)", err)
	}
	for _, name := range names {
		msg, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		old, err := l.open(msg)
		if err != nil {
			return fmt.Errorf("%s: %v", name, err)
		}
		proof, err := tlog.ProveTree(l.tree.N, old.N, l.hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, l.tree.N, l.tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("%s: %v", name, err)
		}
	}
	return nil
}

// checkProof verifies one proof file, and that its proof is the one that the package makes.
func (l *log) checkProof(text []byte) error {
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("malformed proof")
	}
	tree, err := l.open([]byte(checkpoint))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || index < 0 || index >= int64(len(l.entries)) {
		return fmt.Errorf("malformed index (%v)", err)
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(l.entries[index])); err != nil {
		return err
	}
	made, err := tlog.ProveRecord(tree.N, index, l.hashes)
	if err != nil {
		return err
	}
	if fmt.Sprint(made) != fmt.Sprint(proof) {
		return fmt.Errorf("another proof than the one that the package makes")
	}
	return nil
}

func (l *log) checkProofs() error {
	names, err := filepath.Glob(filepath.Join(l.folder, "proofs", "*.tlog-proof"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("no proofs (%v)", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := l.checkProof(text); err != nil {
			return fmt.Errorf("%s: %v", name, err)
		}
	}
	return nil
}

func verify(folder string, keys int) error {
	l := &log{folder: folder, keys: keys}
	if err := l.readPolicy(); err != nil {
		return err
	}
	var err error
	if l.tree, err = l.openFile("checkpoint"); err != nil {
		return fmt.Errorf("checkpoint: %v", err)
	}
	l.hashes = tlog.TileHashReader(l.tree, l)
	for _, check := range []func() error{l.checkEntries, l.checkTiles, l.checkOlder, l.checkProofs} {
		if err := check(); err != nil {
			return err
		}
	}
	fmt.Printf("verified %d entries\n", len(l.entries))
	return nil
}

func main() {
	keys, err := 3, error(nil) // the log's and two cosigners'
	if len(os.Args) == 3 {
		keys, err = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) < 2 || len(os.Args) > 3 || err != nil {
		fmt.Fprintln(os.Stderr, "usage: verify FOLDER [KEYS]")
		os.Exit(2)
	}
	if err := verify(os.Args[1], keys); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}
