(
    tenant_id in {held_tenants:Array(String)}
    or (
        tenant_id in {tenants_of_held:Array(String)}
        and (
            lower(hex(SHA256(concat(toString(tenant_id), '\0customer\0', toString({first_name:Identifier}))))) in {held_hashes:Array(String)}
            or (toString(tenant_id), toString({second_name:Identifier})) in {held_browsers:Array(Tuple(String, String))}
            or (toString(tenant_id), toString({third_name:Identifier})) in {held_browsers:Array(Tuple(String, String))}
        )
    )
)
