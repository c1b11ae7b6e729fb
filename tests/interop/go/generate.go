package main

// The schemas as Go code, by the protoc-gen-go of the version that go.mod names.
//go:generate go build -o bin/ google.golang.org/protobuf/cmd/protoc-gen-go
//go:generate protoc --proto_path=../../../schemas --plugin=bin/protoc-gen-go --go_out=. --go_opt=module=example.org/nimbot --go_opt=Minitial.proto=example.org/nimbot/pb --go_opt=Mextended.proto=example.org/nimbot/pb initial.proto extended.proto
