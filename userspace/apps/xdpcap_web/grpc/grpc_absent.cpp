// In place of grpc_service.cpp where the build found no gRPC.
#include "apps/xdpcap_web/grpc/grpc_service.hpp"

namespace xdpcap::web {

class GrpcService::Server {};

Result<std::unique_ptr<GrpcService>, Error> GrpcService::open(const Options& /*options*/,
                                                              Sources /*sources*/) {
  return Error{ExitCode::usage,
               "--grpc: this program was built without gRPC; install libgrpc++-dev and "
               "protobuf-compiler-grpc and build it "
               "again"};
}
GrpcService::GrpcService(std::unique_ptr<Server> server) : server_(std::move(server)) {}
GrpcService::~GrpcService() = default;
void GrpcService::on_batch(const BatchPointer& /*batch*/, codec::Topic /*topic*/) noexcept {}
void GrpcService::stop() {}
int GrpcService::port() const noexcept {
  return 0;
}
std::size_t GrpcService::streams() const {
  return 0;
}

} // namespace xdpcap::web
