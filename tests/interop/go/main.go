// Nimbot plays nim with a bitbroker, written from docs/protocol.md and schemas/ alone.
package main

import (
	"flag"
	"log"
)

func main() {
	b := &bot{}
	flag.StringVar(&b.address, "broker", "127.0.0.1:9000", "`address` of the broker")
	flag.StringVar(&b.name, "name", "nimbot", "our name")
	flag.StringVar(&b.match, "match", "", "`name` of the match in which to meet; empty: the lobby")
	flag.BoolVar(&b.resigns, "resign", false, "give up a match that is lost")
	framing := flag.String("framing", "prefixed", "how messages travel: prefixed or lines")
	flag.Parse()

	var ok bool
	if b.framing, ok = framings[*framing]; !ok {
		log.Fatalf("-framing is prefixed or lines, not %q", *framing)
	}
	outcome, err := b.play()
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("over: %s", outcome)
}
