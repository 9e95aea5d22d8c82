// SPDX-License-Identifier: Apache-2.0

// A gNMI target on grpc-go and openconfig's own generated code, which is what most routers have inside:
//
//	target PORT CA CERTIFICATE KEY
//
// It holds what is set, a value a path, and knows no model. What it does is written to standard
// output, a line each. SIGTERM ends it the way grpc-go does: with GOAWAY, calls under way finish.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	pb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

type target struct {
	pb.UnimplementedGNMIServer
	sync.Mutex
	rows    map[string]*pb.Update
	changed chan struct{} // closed with each change
}

// text tells equal paths from others; the module of a name says nothing here.
func text(prefix, path *pb.Path) string {
	out := ""
	for _, e := range append(append([]*pb.PathElem{}, prefix.GetElem()...), path.GetElem()...) {
		name := e.Name[strings.IndexByte(e.Name, ':')+1:]
		out += fmt.Sprintf("/%s%v", name, e.Key)
	}
	return out
}

func under(path, top string) bool {
	return path == top || strings.HasPrefix(path, top+"/") || top == ""
}

func (t *target) Capabilities(context.Context, *pb.CapabilityRequest) (*pb.CapabilityResponse, error) {
	return &pb.CapabilityResponse{
		SupportedModels:    []*pb.ModelData{{Name: "openconfig-interfaces", Organization: "OpenConfig", Version: "3.0.0"}},
		SupportedEncodings: []pb.Encoding{pb.Encoding_JSON_IETF},
		GNMIVersion:        "0.10.0",
	}, nil
}

func (t *target) found(prefix, path *pb.Path) map[string]*pb.Update {
	t.Lock()
	defer t.Unlock()
	out := map[string]*pb.Update{}
	for at, u := range t.rows {
		if under(at, text(prefix, path)) {
			out[at] = u
		}
	}
	return out
}

func (t *target) Get(_ context.Context, req *pb.GetRequest) (*pb.GetResponse, error) {
	out := &pb.GetResponse{}
	for _, path := range req.Path {
		n := &pb.Notification{Timestamp: time.Now().UnixNano()}
		for _, u := range t.found(req.Prefix, path) {
			n.Update = append(n.Update, u)
		}
		if len(n.Update) == 0 {
			return nil, status.Error(codes.NotFound, "nothing is there")
		}
		out.Notification = append(out.Notification, n)
	}
	return out, nil
}

func (t *target) drop(top string) {
	for at := range t.rows {
		if under(at, top) {
			delete(t.rows, at)
		}
	}
}

func (t *target) Set(_ context.Context, req *pb.SetRequest) (*pb.SetResponse, error) {
	out := &pb.SetResponse{Timestamp: time.Now().UnixNano()}
	for _, u := range append(append([]*pb.Update{}, req.Replace...), req.Update...) {
		if !json.Valid(u.Val.GetJsonIetfVal()) {
			return nil, status.Error(codes.InvalidArgument, "the value is not JSON_IETF")
		}
		if strings.Contains(text(req.Prefix, u.Path), "/forbidden") {
			return nil, status.Error(codes.PermissionDenied, "nobody may set that")
		}
	}
	t.Lock()
	defer t.Unlock()
	for _, path := range req.Delete {
		t.drop(text(req.Prefix, path))
		out.Response = append(out.Response, &pb.UpdateResult{Path: path, Op: pb.UpdateResult_DELETE})
	}
	for i, u := range append(append([]*pb.Update{}, req.Replace...), req.Update...) {
		op := pb.UpdateResult_UPDATE
		if i < len(req.Replace) {
			op = pb.UpdateResult_REPLACE
			t.drop(text(req.Prefix, u.Path))
		}
		whole := &pb.Path{Elem: append(append([]*pb.PathElem{}, req.Prefix.GetElem()...), u.Path.Elem...)}
		t.rows[text(nil, whole)] = &pb.Update{Path: whole, Val: u.Val}
		out.Response = append(out.Response, &pb.UpdateResult{Path: u.Path, Op: op})
	}
	close(t.changed)
	t.changed = make(chan struct{})
	fmt.Println("set", len(out.Response))
	return out, nil
}

// Subscribe tells all of it, then what is new or gone; samples are all of it again.
func (t *target) Subscribe(stream pb.GNMI_SubscribeServer) error {
	req, err := stream.Recv()
	if err != nil {
		return err
	}
	sub := req.GetSubscribe().GetSubscription()[0]
	told := map[string]*pb.Update{}
	var tick <-chan time.Time
	if sub.Mode == pb.SubscriptionMode_SAMPLE {
		ticker := time.NewTicker(time.Duration(sub.SampleInterval))
		defer ticker.Stop()
		tick = ticker.C
	}
	for first := true; ; first = false {
		t.Lock()
		changed := t.changed
		t.Unlock()
		now := t.found(req.GetSubscribe().Prefix, sub.Path)
		n := &pb.Notification{Timestamp: time.Now().UnixNano()}
		for at, u := range now {
			if told[at] != u || tick != nil {
				n.Update = append(n.Update, u)
			}
		}
		for at, u := range told {
			if now[at] == nil {
				n.Delete = append(n.Delete, u.Path)
			}
		}
		told = now
		if len(n.Update)+len(n.Delete) > 0 {
			err = stream.Send(&pb.SubscribeResponse{Response: &pb.SubscribeResponse_Update{Update: n}})
		}
		if first && err == nil {
			err = stream.Send(&pb.SubscribeResponse{Response: &pb.SubscribeResponse_SyncResponse{SyncResponse: true}})
		}
		if err != nil {
			return err
		}
		if tick != nil {
			changed = nil
		}
		select {
		case <-changed:
		case <-tick:
		case <-stream.Context().Done():
			return nil
		}
	}
}

func main() {
	port, ca, certificate, key := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		log.Fatal(err)
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	listener, err := net.Listen("tcp6", "[::1]:"+port)
	if err != nil {
		log.Fatal(err)
	}
	creds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert})
	server := grpc.NewServer(grpc.Creds(creds))
	pb.RegisterGNMIServer(server, &target{rows: map[string]*pb.Update{}, changed: make(chan struct{})})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		time.AfterFunc(time.Second, server.Stop)
		server.GracefulStop()
	}()
	fmt.Println("listening")
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
