// Command rendered answers questions about manifests that Helm rendered, or about a chart's schema.
//
//	rendered pod-security FILE      whether every pod passes Pod Security "restricted" and gets no token
//	rendered server FILE FOLDER     writes the server's mounted configuration into FOLDER and prints its
//	                                environment and arguments, ended by NUL each, with paths in FOLDER
//	rendered closed-schema FILE     whether every object of a JSON schema names all that it takes
//	rendered schema-keys FILE NAME  the keys of a property of a JSON schema
//	rendered notes CHART FILE       the chart's notes, with the values of FILE
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rendered:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("expected a command and a FILE")
	}
	command, file := arguments[0], arguments[1]
	rest := append(arguments[2:], "")
	switch command {
	case "pod-security":
		return checkPodSecurity(file)
	case "server":
		return printServer(file, rest[0])
	case "closed-schema":
		return checkClosed(file)
	case "schema-keys":
		return printKeys(file, rest[0])
	case "notes":
		return printNotes(file, rest[0])
	}
	return fmt.Errorf("unknown command %q", command)
}
