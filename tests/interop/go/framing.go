package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

// A message is two bytes that say what it is, and a body.
type message struct {
	code code
	body []byte
}

// A code is a message's opcode and operand.
type code uint16

const (
	botHello    code = 0x0002
	welcome     code = 0x0010
	start       code = 0x0012
	request     code = 0x0302
	decision    code = 0x0303
	notTaken    code = 0x0304
	resignation code = 0x0305
	refusal     code = 0x00FD
	over        code = 0x00FF // on both wires
	ping        code = 0x00F0
	pong        code = 0x00F1
	leave       code = 0x00F2

	basicBotInfo  code = 0x0022
	basicRequest  code = 0x02 // its opcode; the operand is the time
	basicDecision code = 0x0200
)

func (m message) bytes() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(m.code)), m.body...)
}

func parseMessage(raw []byte) (message, error) {
	if len(raw) < 2 {
		return message{}, fmt.Errorf("the broker sent %d bytes, which is no message", len(raw))
	}
	return message{code(binary.BigEndian.Uint16(raw)), raw[2:]}, nil
}

// A framing carries messages over a connection; the broker takes ours from our first byte.
type framing interface {
	read() (message, error)
	write(message) error
}

var framings = map[string]func(io.ReadWriter) framing{
	"prefixed": func(conn io.ReadWriter) framing { return prefixed{bufio.NewReader(conn), conn} },
	"lines":    func(conn io.ReadWriter) framing { return lines{bufio.NewReader(conn), conn} },
}

// prefixed puts each message's length before it.
type prefixed struct {
	in  *bufio.Reader
	out io.Writer
}

func (f prefixed) read() (message, error) {
	var length uint32
	if err := binary.Read(f.in, binary.BigEndian, &length); err != nil {
		return message{}, err
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(f.in, raw); err != nil {
		return message{}, err
	}
	return parseMessage(raw)
}

func (f prefixed) write(m message) error {
	raw := m.bytes()
	_, err := f.out.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...))
	return err
}

// lines makes each message a line of base64; the only framing of brokers that are built on the crate.
type lines struct {
	in  *bufio.Reader
	out io.Writer
}

func (f lines) read() (message, error) {
	line, err := f.in.ReadBytes('\n')
	if err != nil {
		return message{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(string(line[:len(line)-1]))
	if err != nil {
		return message{}, err
	}
	return parseMessage(raw)
}

func (f lines) write(m message) error {
	_, err := io.WriteString(f.out, base64.StdEncoding.EncodeToString(m.bytes())+"\n")
	return err
}
